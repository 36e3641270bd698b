"""Published experiments as estimators: `preset("dpvae/FactorDPVAE")`."""

from vaekit.presets._costs import PresetCost
from vaekit.presets._networks import LayeredNet
from vaekit.presets._presets import PRESETS, Preset, preset, preset_grid, preset_names

__all__ = ["PRESETS", "LayeredNet", "Preset", "PresetCost", "preset", "preset_grid", "preset_names"]
