//! The leader's side: starting followers, asking them, taking their answers in order.

use super::failure::{self, Failure};
use super::wire::{Answer, Hello, MEANS, REFERENCES, REWARDS, Request, of_pairs, receive, send, take, to_pairs};
use crate::error::TrainError;
use crate::micro_batch::{Part, StepWork};
use crate::optim::Parameter;
use crate::preference::{Reference, Rewards};
use candle_core::{Device, Tensor};
use std::collections::HashMap;
use std::io::{self, BufReader, BufWriter};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a process whose pipe is closed may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// Time between two looks at whether the run is to stop, while a follower is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// Parts that a follower may be ahead of its leader; each is as large as all trained variables.
const AHEAD: usize = 2;

type Message = io::Result<(Answer, HashMap<String, Tensor>)>;

/// Processes that load what they need.
#[derive(Debug)]
pub struct Starting(Vec<Follower>);

/// The processes that help with a run.
#[derive(Debug)]
pub struct Followers {
    all: Vec<Follower>,
    /// Of the latest request.
    number: u64,
}

#[derive(Debug)]
struct Follower {
    device: String,
    child: Child,
    requests: BufWriter<ChildStdin>,
    /// What it says first.
    hello: Receiver<io::Result<Hello>>,
    /// A thread reads answers as they come, so that a follower never waits for its leader to finish something else.
    answers: Receiver<Message>,
    /// A thread reads what it says besides, and keeps why it failed.
    failure: Option<JoinHandle<Option<Failure>>>,
}

/// Who computes a part of a step.
#[derive(Debug)]
pub enum Turn {
    /// The leader: it is yet to be computed.
    Own,
    /// A follower, and this is what it computed.
    Part(Part),
    /// Nobody any more: the run is to stop.
    Stopped,
}

impl Starting {
    /// Starts one process per command, each with the name of its device.
    pub fn spawn(commands: Vec<(String, Command)>) -> Result<Self, TrainError> {
        commands
            .into_iter()
            .map(|(device, command)| Follower::start(device, command))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Waits until all have loaded the same training samples as the leader; `None` when `stop` was set before.
    pub fn ready(mut self, data_sha256: &str, stop: &AtomicBool) -> Result<Option<Followers>, TrainError> {
        for follower in &mut self.0 {
            match wait(&follower.hello, stop) {
                Ok(Ok(hello)) if hello.data_sha256 == data_sha256 => {}
                Ok(Ok(_)) => {
                    return Err(TrainError::Invalid(format!("the process on {} read other samples", follower.device)));
                }
                Err(Silence::Stopped) => return Ok(None),
                Ok(Err(_)) | Err(Silence::Ended) => return Err(follower.ended()),
            }
        }
        Ok(Some(Followers { all: self.0, number: 0 }))
    }
}

impl Followers {
    /// Processes of the run, the leader included.
    fn processes(&self) -> usize {
        self.all.len() + 1
    }

    /// Asks for all parts of `work` that are not the leader's own. `references` are those of all training pairs, where
    /// preferences are learnt.
    pub fn ask(
        &mut self,
        work: &StepWork,
        parameters: &[Parameter],
        references: Option<&[Reference]>,
    ) -> Result<(), TrainError> {
        self.number += 1;
        let processes = self.processes();
        let values = parameters.iter().map(|p| Ok((p.name.clone(), p.variable.as_tensor().to_device(&Device::Cpu)?)));
        let values = values.collect::<candle_core::Result<Vec<_>>>()?;
        for (place, follower) in self.all.iter_mut().enumerate() {
            let batches: Vec<usize> = (place + 1..work.batches.len()).step_by(processes).collect();
            let mut values = values.clone();
            if let Some(references) = references {
                let asked = batches.iter().flat_map(|batch| work.samples(*batch)).map(|place| references[place]);
                values.push((REFERENCES.to_owned(), of_pairs(&asked.collect::<Vec<_>>())?));
            }
            let request = Request { number: self.number, step: work.step, batches };
            if send(&mut follower.requests, &request, values).is_err() {
                return Err(follower.ended());
            }
        }
        Ok(())
    }

    /// Part `batch` of the step that was asked last.
    pub fn part(
        &mut self,
        batch: usize,
        parameters: &[Parameter],
        device: &Device,
        stop: &AtomicBool,
    ) -> Result<Turn, TrainError> {
        let place = batch % self.processes();
        let Some(follower) = place.checked_sub(1).and_then(|place| self.all.get_mut(place)) else {
            return Ok(Turn::Own);
        };
        loop {
            let (answer, mut tensors) = match wait(&follower.answers, stop) {
                Ok(Ok(message)) => message,
                Err(Silence::Stopped) => return Ok(Turn::Stopped),
                Ok(Err(_)) | Err(Silence::Ended) => return Err(follower.ended()),
            };
            // Answers to a step that failed halfway come late.
            if answer.number < self.number {
                continue;
            }
            if answer.batch != batch {
                let text =
                    format!("the process on {} answered part {} instead of {batch}", follower.device, answer.batch);
                return Err(TrainError::Invalid(text));
            }
            let means = take(&mut tensors, MEANS)?.to_vec1()?;
            let gradients = parameters.iter().map(|p| take(&mut tensors, &p.name)).collect::<Result<_, _>>()?;
            let rewards = to_pairs(&take(&mut tensors, REWARDS)?)?.into_iter().map(Rewards::from_array).collect();
            let part = Part { loss: answer.loss, means, rewards, tokens: answer.tokens, gradients };
            return Ok(Turn::Part(part.to_device(device)?));
        }
    }
}

/// Why nothing was heard.
enum Silence {
    Stopped,
    Ended,
}

/// The next message, unless `stop` is set before it comes.
fn wait<M>(messages: &Receiver<M>, stop: &AtomicBool) -> Result<M, Silence> {
    loop {
        match messages.recv_timeout(LOOK) {
            Ok(message) => return Ok(message),
            Err(RecvTimeoutError::Disconnected) => return Err(Silence::Ended),
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => return Err(Silence::Stopped),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Passes on what a follower says, until it ends or nobody listens any more.
fn listen(mut output: BufReader<ChildStdout>, hello: &SyncSender<io::Result<Hello>>, answers: &SyncSender<Message>) {
    let Some(first) = receive(&mut output, &Device::Cpu).transpose() else { return };
    if hello.send(first.map(|(hello, _)| hello)).is_err() {
        return;
    }
    while let Some(message) = receive(&mut output, &Device::Cpu).transpose() {
        if answers.send(message).is_err() {
            return;
        }
    }
}

impl Follower {
    fn start(device: String, mut command: Command) -> Result<Self, TrainError> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|e| TrainError::Invalid(format!("cannot start a process on {device}: {e}")))?;
        let (Some(requests), Some(output), Some(words)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(TrainError::Invalid(format!("the process on {device} has no pipes")));
        };
        // Room for one, so that nobody waits for a leader that still loads.
        let (first, hello) = sync_channel(1);
        let (sender, answers) = sync_channel(AHEAD);
        std::thread::spawn(move || listen(BufReader::new(output), &first, &sender));
        let failure = Some(std::thread::spawn(move || failure::read(BufReader::new(words))));
        Ok(Self { device, child, requests: BufWriter::new(requests), hello, answers, failure })
    }

    /// Why a follower no longer answers.
    fn ended(&mut self) -> TrainError {
        let since = Instant::now();
        while since.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(self.child.kill());
        let status = self.child.wait().ok();
        let signal = status.and_then(|s| s.signal());
        let code = status.and_then(|s| s.code());
        let failure = self.failure.take().and_then(|thread| thread.join().ok()).flatten().map(Box::new);
        TrainError::Follower { device: self.device.clone(), signal, code, failure }
    }
}

impl Drop for Follower {
    /// A follower without a leader would end by itself; this does not leave it to the next read.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
