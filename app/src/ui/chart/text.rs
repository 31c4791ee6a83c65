//! Texts of charts.

crate::texts! {
    log_scale = "Log", "对数";
    smoothing = "Smoothing", "平滑";
    axis = "Axis", "横轴";
    steps = "Steps", "步数";
    time = "Time", "时间";
    reset_zoom = "Reset zoom", "重置缩放";
    png = "PNG", "PNG";
    csv = "CSV", "CSV";
    no_points = "No values yet.", "尚无数据。";
    hint = "Drag to zoom, double-click to reset; arrow keys move the readout, + and − zoom, Escape resets.", "拖动以缩放，双击重置；方向键移动读数，+ 与 − 缩放，Esc 重置。";
    at_step(step) = "step {step}", "第 {step} 步";
}
