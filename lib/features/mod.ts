/**
 * Features: indicators, the language that names them, matrices, scaling, the store, and the check that nothing looks
 * ahead.
 *
 * @module
 */
export * from "./indicators/mod.ts";
export { type Operator, ownColumns, type ParseOptions, type Spec } from "./spec.ts";
export { formatSpec, parseSpec, parseSpecs, splitSpecs, warmupOf } from "./spec.ts";
export { type Transform, transforms } from "./transforms.ts";
export { featureSets, featureSpecs } from "./sets.ts";
export { columnOf, type FeatureMatrix, newMatrix } from "./matrix.ts";
export { buildFeatures, featureBuilder, type Features } from "./build.ts";
export { fitScaler, parseScaler, scale, type Scaler, type ScalerKind } from "./scale.ts";
export { codeVersion, type FeatureStore, featureStore, hashOfFeatures, type StoredFeatures } from "./store.ts";
export { asColumns, checkFeatureLeaks, checkLeaks, checkLeaksAsync, describeLeak } from "./leaks.ts";
export type { Columns, Leak, LeakOptions, LeakVerdict } from "./leaks.ts";
export { suspectColumns, type SuspectOptions, type Suspicion, type SuspicionVerdict } from "./suspects.ts";
export { importFeatures, type UserColumns, type UserFeatures } from "./user_module.ts";
export { describeFeatures, featureCorrelation, informationCoefficient } from "./analyse.ts";
export type { FeatureCorrelation, FeatureSummary, InformationCoefficient } from "./analyse.ts";
