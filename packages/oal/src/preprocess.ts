/** `oal/preprocess`: pictures to tensors, pixel for pixel as Pillow does. */
export * from "oal-core/preprocess";
