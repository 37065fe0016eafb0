/** Named features over time. T rows, F columns. */
export interface FeatureMatrix {
  readonly names: readonly string[]; // [F] as the specs were written
  readonly time: Float64Array; // [T] ms UTC
  readonly values: Float32Array; // [T, F] row-major, NaN before `warmup`
  readonly warmup: number; // first row in which every feature is finite
}
