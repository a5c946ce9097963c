/** `oal/detection`: detectors, their fitting, their scores as graphs, thresholds. */
export * from "oal-core/detection";
