//! What exactly a run failed of, in every language.

use super::model::model_problem;
use crate::ui::format::number;
use domain::{lang::Lang, run::RunProblem};

crate::texts! {
    loss(step) = "The loss became infinite or no number at step {step}.", "损失在第 {step} 步变为无穷大或非数值。";
    gradient(step) = "The gradient became infinite or no number at step {step}.", "梯度在第 {step} 步变为无穷大或非数值。";
    validation_loss(step) = "The validation loss became infinite or no number at step {step}.", "验证损失在第 {step} 步变为无穷大或非数值。";
    memory_low(mib, step) = "Only {mib} MiB of memory are left at step {step}.", "第 {step} 步时仅剩 {mib} MiB 内存。";
    killed_for_memory = "The machine ran out of memory, and the system ended the trainer.", "机器内存耗尽，系统终止了训练进程。";
    allocation_failed(mib) = "{mib} MiB of memory could not be had.", "无法分配 {mib} MiB 内存。";
    follower(device, what) = "The process that computes on {device} has failed. {what}", "在 {device} 上计算的进程失败。{what}";
    sample(line, split, detail) = "Sample {line} of the {split} cannot be used (“{detail}”).", "无法使用{split}中的第 {line} 条样本（“{detail}”）。";
    train = "training split", "训练集";
    validation = "validation split", "验证集";
    test = "test split", "测试集";
    checkpoint(detail) = "The checkpoint is damaged (“{detail}”).", "检查点已损坏（“{detail}”）。";
    not_prepared(detail) = "The run's input was not prepared (“{detail}”).", "未能准备运行所需的输入（“{detail}”）。";
    not_started(program, detail) = "The trainer {program} cannot be started (“{detail}”).", "无法启动训练程序 {program}（“{detail}”）。";
    exited(code) = "The trainer ended with code {code}.", "训练进程以代码 {code} 结束。";
    signalled(signal) = "The trainer was ended by signal {signal}.", "训练进程被信号 {signal} 终止。";
    trainer_gone = "The trainer is gone.", "训练进程已消失。";
    it_said(how, words) = "{how} It said:\n{words}", "{how}其最后输出：\n{words}";
    worker_vanished = "The worker vanished during this run, in every attempt.", "每次尝试中，工作进程都在运行期间消失。";
    loss_did_not_fall(steps, rate, first, last) = "{steps} steps on one batch at the learning rate {rate} did not lower its loss: {first} before, {last} after.", "以学习率 {rate} 在同一批上训练 {steps} 步后，损失未下降：之前 {first}，之后 {last}。";
    checkpoint_differs(tensor) = "{tensor} of a checkpoint was read back other than it was written.", "读回的检查点中 {tensor} 与写入时不一致。";
    little_disk(needed, free, reserved) = "The run needs {needed} MiB of disk for its checkpoints and result. {free} MiB are free, and other runs still need {reserved} of them.", "此运行的检查点与结果需要 {needed} MiB 磁盘空间。目前可用 {free} MiB，其中其他运行还需要 {reserved} MiB。";
    little_memory(needed, free, reserved) = "The run needs {needed} MiB of memory. {free} MiB are free, and other runs still need {reserved} of them.", "此运行需要 {needed} MiB 内存。目前可用 {free} MiB，其中其他运行还需要 {reserved} MiB。";
    benchmark_leaks(benchmark, samples, train) = "{samples} samples of the benchmark {benchmark} are in training in some form, through {train} training samples. Scores on it would be too good.", "基准 {benchmark} 的 {samples} 个样本以某种形式出现在训练集中，由 {train} 个训练样本造成，其得分会虚高。";
    leaks(samples, train) = "{samples} validation and test samples are in training in some form, through {train} training samples. Scores on them would be too good.", "{samples} 个验证和测试样本以某种形式出现在训练集中，由 {train} 个训练样本造成，得分会虚高。";
    too_long(minutes) = "The preflight did not end within {minutes} minutes.", "预检未能在 {minutes} 分钟内完成。";
    interrupted = "The server was interrupted during the preflight, several times.", "服务器在预检期间多次中断。";
    server_disk(detail) = "The server failed to read or write a file during the preflight (“{detail}”).", "预检期间服务器读写文件失败（“{detail}”）。";
    mistake(detail) = "The server made a mistake during the preflight (“{detail}”).", "预检期间服务器出错（“{detail}”）。";
    not_stored(detail) = "The adapter is trained but was not stored (“{detail}”).", "适配器已训练完成，但未能保存（“{detail}”）。";
}

fn split_name(l: Lang, word: &str) -> &str {
    match word {
        "train" => train(l),
        "validation" => validation(l),
        "test" => test(l),
        other => other,
    }
}

/// What a run failed of.
#[must_use]
pub fn run_problem(l: Lang, problem: &RunProblem) -> String {
    use RunProblem as P;
    match problem {
        P::Model { problem } => model_problem(l, problem),
        P::LossNotFinite { step } => loss(l, step),
        P::GradientNotFinite { step } => gradient(l, step),
        P::ValidationLossNotFinite { step } => validation_loss(l, step),
        P::MemoryLow { available_mib, step } => memory_low(l, available_mib, step),
        P::KilledForMemory => killed_for_memory(l).to_owned(),
        P::AllocationFailed { mib } => allocation_failed(l, mib),
        P::Follower { device, problem } => follower(l, device, run_problem(l, problem)),
        P::Sample { split, line, detail } => sample(l, line, split_name(l, split), detail),
        P::Checkpoint { detail } => checkpoint(l, detail),
        P::NotPrepared { detail } => not_prepared(l, detail),
        P::NotStarted { program, detail } => not_started(l, program, detail),
        P::Exited { status, words } => with_words(l, exited(l, status), words),
        P::Signalled { signal, words } => with_words(l, signalled(l, signal), words),
        P::TrainerGone { words } => with_words(l, trainer_gone(l).to_owned(), words),
        P::WorkerVanished => worker_vanished(l).to_owned(),
        P::NotStored { detail } => not_stored(l, detail),
        P::Preflight { problem, .. } => run_problem(l, problem),
        P::LossDidNotFall { steps, learning_rate, first_loss, last_loss } => {
            loss_did_not_fall(l, steps, learning_rate, number(*first_loss), number(*last_loss))
        }
        P::CheckpointDiffers { tensor } => checkpoint_differs(l, tensor),
        P::TooLittleDisk { needed_mib, free_mib, reserved_mib } => little_disk(l, needed_mib, free_mib, reserved_mib),
        P::TooLittleMemory { needed_mib, free_mib, reserved_mib } => {
            little_memory(l, needed_mib, free_mib, reserved_mib)
        }
        P::PreflightInterrupted => interrupted(l).to_owned(),
        P::PreflightDisk { detail } => server_disk(l, detail),
        P::PreflightMistake { detail } => mistake(l, detail),
        P::BenchmarkLeaks { benchmark, samples, train } => benchmark_leaks(l, benchmark, samples, train),
        P::Leaks { samples, train } => leaks(l, samples, train),
        P::PreflightTooLong { minutes } => too_long(l, minutes),
        P::Said { text } => text.clone(),
    }
}

fn with_words(l: Lang, how: String, words: &str) -> String {
    if words.is_empty() { how } else { it_said(l, how, words) }
}
