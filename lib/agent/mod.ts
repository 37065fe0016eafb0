/** PPO and its networks: the only folder where tensors live. */
export { actionSize, draw, type Drawn, newDrawn, policySize, preferences } from "./distributions.ts";
export type { Look, Minibatches, Net, NetState, Policy, Stats } from "./net.ts";
export { type NetOptions, openNet } from "./open_net.ts";
export { openPolicy, type PolicyNotes, type SavedPolicy, writePolicy } from "./policy_file.ts";
export {
  type Decider,
  openDecider,
  replayStrategy,
  trade,
  tradeAll,
  type Traded,
  type Trader,
} from "./policy_strategy.ts";
export { type OnUpdate, openPpo, type Ppo } from "./ppo.ts";
export { ppoDefaults, type PpoOptions } from "./ppo_options.ts";
export type { Trunk, TrunkOf, TrunkOptions } from "./trunk.ts";
export { trunks } from "./trunks.ts";
