/** Markets to act in, many episodes at once. */
export { type ActionMeaning, boxActions, discreteActions, spaceOf, writeWeights } from "./actions.ts";
export { checkEnv } from "./check.ts";
export type { ActionSpace, Env, StepBuffers } from "./env.ts";
export { type MarketEnv, marketEnv, type MarketEnvOptions } from "./market_env.ts";
export { observe } from "./observe.ts";
export { differentialSharpe, drawdownPenalised, logReturn, openReward, type Reward, rewards } from "./reward.ts";
export { openStanding, type Standing, stateSizeOf } from "./standing.ts";
