//! The leader's side: starting followers, asking them, taking their answers in order.

use super::wire::{Answer, Hello, MEANS, REFERENCES, REWARDS, Request, of_pairs, receive, send, take, to_pairs};
use crate::error::TrainError;
use crate::micro_batch::{Part, Plan};
use crate::optim::Parameter;
use crate::preference::{Reference, Rewards};
use candle_core::{Device, Tensor};
use std::collections::HashMap;
use std::io::{self, BufReader, BufWriter};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// How long a process whose pipe is closed may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

/// Parts that a follower may be ahead of its leader; each is as large as all trained variables.
const AHEAD: usize = 2;

type Message = io::Result<(Answer, HashMap<String, Tensor>)>;

/// Processes that load what they need.
#[derive(Debug)]
pub struct Starting(Vec<(Follower, BufReader<ChildStdout>)>);

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
    /// A thread reads answers as they come, so that a follower never waits for its leader to finish something else.
    answers: Receiver<Message>,
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

    /// Waits until all have loaded the same training samples as the leader.
    pub fn ready(mut self, data_sha256: &str) -> Result<Followers, TrainError> {
        for (follower, output) in &mut self.0 {
            match receive::<Hello>(output, &Device::Cpu) {
                Ok(Some((hello, _))) if hello.data_sha256 == data_sha256 => {}
                Ok(Some(_)) => {
                    return Err(TrainError::Invalid(format!("the process on {} read other samples", follower.device)));
                }
                _ => return Err(follower.ended()),
            }
        }
        let all = self.0.into_iter().map(|(follower, output)| follower.listening(output)).collect();
        Ok(Followers { all, number: 0 })
    }
}

impl Followers {
    /// Processes of the run, the leader included.
    fn processes(&self) -> usize {
        self.all.len() + 1
    }

    /// Asks for all parts of `plan` that are not the leader's own. `references` are those of all training pairs, where
    /// preferences are learnt.
    pub fn ask(
        &mut self,
        plan: &Plan,
        parameters: &[Parameter],
        references: Option<&[Reference]>,
    ) -> Result<(), TrainError> {
        self.number += 1;
        let processes = self.processes();
        let values = parameters.iter().map(|p| Ok((p.name.clone(), p.variable.as_tensor().to_device(&Device::Cpu)?)));
        let values = values.collect::<candle_core::Result<Vec<_>>>()?;
        for (place, follower) in self.all.iter_mut().enumerate() {
            let batches: Vec<usize> = (place + 1..plan.batches.len()).step_by(processes).collect();
            let mut values = values.clone();
            if let Some(references) = references {
                let asked = batches.iter().flat_map(|batch| plan.samples(*batch)).map(|place| references[place]);
                values.push((REFERENCES.to_owned(), of_pairs(&asked.collect::<Vec<_>>())?));
            }
            let request = Request { number: self.number, step: plan.step, loss_scale: plan.loss_scale, batches };
            if send(&mut follower.requests, &request, values).is_err() {
                return Err(follower.ended());
            }
        }
        Ok(())
    }

    /// Part `batch` of the step that was asked last; `None` when it is the leader's own to compute.
    pub fn part(
        &mut self,
        batch: usize,
        parameters: &[Parameter],
        device: &Device,
    ) -> Result<Option<Part>, TrainError> {
        let place = batch % self.processes();
        let Some(follower) = place.checked_sub(1).and_then(|place| self.all.get_mut(place)) else { return Ok(None) };
        loop {
            let Ok(Ok((answer, mut tensors))) = follower.answers.recv() else { return Err(follower.ended()) };
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
            return Ok(Some(part.to_device(device)?));
        }
    }
}

impl Follower {
    fn start(device: String, mut command: Command) -> Result<(Self, BufReader<ChildStdout>), TrainError> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|e| TrainError::Invalid(format!("cannot start a process on {device}: {e}")))?;
        let (Some(requests), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(TrainError::Invalid(format!("the process on {device} has no pipes")));
        };
        let (_, answers) = sync_channel(0);
        Ok((Self { device, child, requests: BufWriter::new(requests), answers }, BufReader::new(output)))
    }

    /// Reads answers in a thread of their own from now on.
    fn listening(mut self, mut output: BufReader<ChildStdout>) -> Self {
        let (sender, answers) = sync_channel(AHEAD);
        std::thread::spawn(move || {
            // Ends with the follower, or when nobody wants its answers any more.
            while let Some(message) = receive(&mut output, &Device::Cpu).transpose() {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        self.answers = answers;
        self
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
        TrainError::Follower { device: self.device.clone(), signal, code }
    }
}

impl Drop for Follower {
    /// A follower without a leader would end by itself; this does not leave it to the next read.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
