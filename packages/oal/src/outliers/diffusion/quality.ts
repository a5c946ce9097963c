/** How well an auto-encoder serves as the space of a diffusion model (METHOD 4.4: at least 24 dB, deviations 0.7 to 1.4). */
import type { LatentDiffusion } from "./model.js";

/** Figures over a set of pictures. */
export interface AutoEncoderQuality {
  /** 10 log10(255² / mean squared error of all pixels) of pictures decoded from their mean latents, in dB. */
  readonly psnr: number;
  /** Standard deviation of each channel of the scaled, sampled latents; 1 is what the denoiser expects. */
  readonly channelDeviation: readonly number[];
}

/**
 * Measures an opened model.
 *
 * @param pixels  uint8 [count, 3, H, W], not used in training
 */
export async function autoEncoderQuality(
  model: LatentDiffusion,
  pixels: Uint8Array,
  count: number,
): Promise<AutoEncoderQuality> {
  const { mean, logVariance } = await model.encode(pixels, count);
  const scaled = mean.map((value) => value * model.latentScale);
  const decoded = await model.decode(scaled, count);
  const squares = decoded.reduce((sum, value, i) => sum + (value - (pixels[i] ?? 0)) ** 2, 0);
  const psnr = 10 * Math.log10(255 ** 2 / (squares / Math.max(1, decoded.length)));
  const [channels, height, width] = model.latentShape;
  const area = height * width;
  const channelDeviation = Array.from({ length: channels }, (_, channel) => {
    let [sum, total] = [0, 0];
    for (let i = 0; i < count; i++) {
      for (let at = (i * channels + channel) * area; at < (i * channels + channel + 1) * area; at++) {
        const value = scaled[at] ?? 0;
        sum += value;
        total += value ** 2 + model.latentScale ** 2 * Math.exp(logVariance[at] ?? 0);
      }
    }
    const values = Math.max(1, count * area);
    return Math.sqrt(Math.max(0, total / values - (sum / values) ** 2));
  });
  return { psnr, channelDeviation };
}
