/** `oal/metrics`: metrics of detection, classification and calibration, and their statistics. */
export * from "oal-core/metrics";
