//! What is predicted of a run before it is launched, against what the run then has.

use crate::support;
use candle_core::Device;
use domain::recipe::{Method, Recipe, TargetModule};
use trainer::adapt;
use trainer::model::decoder::Decoder;
use trainer::model::weights;

#[test]
fn the_parameters_of_every_method_and_family_are_known() {
    for (family, config) in support::families() {
        let folder = tempfile::tempdir().unwrap();
        support::write_model_of(folder.path(), &config).unwrap();
        let mut base = weights::open(folder.path(), &Device::Cpu).unwrap();
        let decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
        let (mut few, mut dora) = (Recipe::default(), Recipe::default());
        few.lora.target_modules = vec![TargetModule::KProj, TargetModule::GateProj];
        dora.lora.dora = true;
        let methods = Method::ALL.map(|method| Recipe { method, ..Recipe::default() });
        for recipe in methods.into_iter().chain([few, dora]) {
            let adapter = adapt::new(&recipe, &decoder, &base.tokenizer).unwrap();
            let predicted = domain::estimate::trainable_parameters(&recipe, &base.card);
            assert_eq!(predicted, adapter.parameter_count(), "{family:?}: {}", recipe.to_toml());
        }
    }
}
