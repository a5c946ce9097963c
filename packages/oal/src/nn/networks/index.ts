/** The registry of networks. */
import { Registry } from "oal-core";
import { airbench } from "./airbench.js";
import type { Network } from "./network.js";
import { resnet18, resnet34, resnet50 } from "./resnet.js";
import { resnet18_32x32 } from "./resnet18_32x32.js";
import { resnetSmall } from "./resnetSmall.js";
import { vitBase16, vitSmall16, vitTiny16 } from "./vit.js";

/** Every network, in the order they are listed. */
export const networks = new Registry<Network>("network", [
  resnet18_32x32,
  resnetSmall,
  airbench,
  resnet18,
  resnet34,
  resnet50,
  vitTiny16,
  vitSmall16,
  vitBase16,
]);
