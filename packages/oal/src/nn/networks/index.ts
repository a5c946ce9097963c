/** The registry of networks. */
import { oalError, suggest } from "oal-core";
import { airbench } from "./airbench.js";
import type { Network } from "./network.js";
import { resnet18_32x32 } from "./resnet18_32x32.js";
import { resnetSmall } from "./resnetSmall.js";

/** Every network, in the order they are listed. */
export const networks: readonly Network[] = [resnet18_32x32, resnetSmall, airbench];

/** The network of this id. Throws OAL-C204 for an unknown one, naming the nearest. */
export function findNetwork(id: string): Network {
  const found = networks.find((network) => network.id === id);
  if (found) return found;
  const known = networks.map((network) => network.id);
  throw oalError("OAL-C204", { kind: "network", name: id, known, near: suggest(id, known) });
}
