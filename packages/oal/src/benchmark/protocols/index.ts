/** The protocols that come with oal, in the order of listings. A protocol is one file here, and one line. */
import type { Protocol } from "../protocol.js";
import { cifar10 } from "./cifar10.js";
import { cifar100 } from "./cifar100.js";
import { cifar10Small } from "./cifar10Small.js";
import { imagenet } from "./imagenet.js";
import { imagenet200 } from "./imagenet200.js";

export const protocols: readonly Protocol[] = [
  cifar10.usual,
  cifar100,
  imagenet200.usual,
  imagenet.usual,
  cifar10.fullSpectrum,
  imagenet200.fullSpectrum,
  imagenet.fullSpectrum,
  cifar10Small,
];
