//! Which processor a run uses.

use crate::error::TrainError;
use candle_core::Device;

/// Reads `cpu`, `cuda:N` or `metal`. A GPU needs a build with its feature.
pub fn parse(text: &str) -> Result<Device, TrainError> {
    let device = match text.split_once(':').unwrap_or((text, "0")) {
        ("cpu", _) => Ok(Device::Cpu),
        ("cuda", n) => {
            n.parse().map_err(|_| candle_core::Error::Msg(format!("{n:?} is not a number"))).and_then(Device::new_cuda)
        }
        ("metal", n) => {
            n.parse().map_err(|_| candle_core::Error::Msg(format!("{n:?} is not a number"))).and_then(Device::new_metal)
        }
        _ => return Err(TrainError::Invalid(format!("unknown device {text:?}: expected cpu, cuda:N or metal"))),
    };
    device.map_err(|e| {
        TrainError::Invalid(format!("the device {text} cannot be used by this build on this machine: {e}"))
    })
}
