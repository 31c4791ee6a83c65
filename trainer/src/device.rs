//! Which processor a run uses.

use crate::error::TrainError;
use candle_core::{DType, Device};
use domain::recipe::Precision;

/// The names in `cpu+cpu` or `cuda:0+cuda:1`: one process each.
#[must_use]
pub fn names(list: &str) -> Vec<String> {
    list.split('+').map(|name| name.trim().to_owned()).collect()
}

/// Refuses names that no process could use, and a GPU that is named twice.
pub fn check_names(names: &[String]) -> Result<(), TrainError> {
    for (i, name) in names.iter().enumerate() {
        let is_known = name == "cpu" || name == "metal" || name.starts_with("cuda:");
        if !is_known {
            return Err(TrainError::Invalid(format!("unknown device {name:?}: expected cpu, cuda:N or metal")));
        }
        if name != "cpu" && names[..i].contains(name) {
            return Err(TrainError::Invalid(format!("the device {name} is named twice")));
        }
    }
    Ok(())
}

/// Refuses a precision that means different types on the devices of a run's processes.
pub fn check_precision(precision: Precision, devices: &[String]) -> Result<(), TrainError> {
    let on = |name: &String| precision.on(name == "cpu");
    if devices.windows(2).all(|pair| on(&pair[0]) == on(&pair[1])) {
        return Ok(());
    }
    let text = "precision: auto means f32 on the CPU and bf16 on the other devices of this run; choose one of them";
    Err(TrainError::Invalid(text.to_owned()))
}

/// The type of activations and frozen weights on this device.
#[must_use]
pub fn dtype_on(precision: Precision, device: &Device) -> DType {
    match precision.on(device.is_cpu()) {
        Precision::F32 | Precision::Auto => DType::F32,
        Precision::Bf16 => DType::BF16,
        Precision::F16 => DType::F16,
    }
}

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
