/** USD per million tokens. */
export type ModelPrice = { readonly input: number; readonly output: number }

/** List prices of the providers as published in mid 2026, without discounts for cached input. Set LLM_PRICE_USD_PER_MTOK for others. */
const listPrices: Readonly<Record<string, ModelPrice>> = {
  'gpt-5.6-sol': { input: 5, output: 30 },
  'gpt-5.6-terra': { input: 2.5, output: 15 },
  'gpt-5.6-luna': { input: 1, output: 6 },
  'gpt-5.5': { input: 5, output: 30 },
  'gpt-5.5-pro': { input: 30, output: 180 },
  'gpt-5.4': { input: 2.5, output: 15 },
  'gpt-5.4-mini': { input: 0.75, output: 4.5 },
  'gpt-5.4-nano': { input: 0.2, output: 1.25 },
  'gpt-5.4-pro': { input: 30, output: 180 },
  'gpt-5.2': { input: 1.75, output: 14 },
  'gpt-5.1': { input: 1.25, output: 10 },
  'gpt-5': { input: 1.25, output: 10 },
  'gpt-5-mini': { input: 0.25, output: 2 },
  'gpt-5-nano': { input: 0.05, output: 0.4 },
  'gpt-4.1': { input: 2, output: 8 },
  'gpt-4.1-mini': { input: 0.4, output: 1.6 },
  'gpt-4.1-nano': { input: 0.1, output: 0.4 },
  'gpt-4o': { input: 2.5, output: 10 },
  'gpt-4o-mini': { input: 0.15, output: 0.6 },
}

/** Taken for a model that the table does not know, and said to be an estimate. */
export const unknownModelPrice: ModelPrice = { input: 2, output: 10 }

/**
 * Fewest UTF-8 bytes that one token stands for in a prompt of tables: digits and signs take more tokens than prose, which
 * has about four. Only used where a server does not count, and to reserve budget before it has counted.
 */
const bytesPerToken = 2.5

/**
 * What a model's tokens cost: the price that was set, else its list price, else the one for unknown models.
 *
 * @param model name as sent; a dated version (`gpt-5.4-2026-03-05`) has the price of its family
 */
export function modelPrice(model: string, set: ModelPrice | null): ModelPrice & { readonly known: boolean } {
  if (set !== null) return { ...set, known: true }
  const family = model.replace(/^openai\//, '').replace(/-\d{4}-\d{2}-\d{2}$/, '')
  const listed = Object.hasOwn(listPrices, family) ? listPrices[family] : undefined
  return listed === undefined ? { ...unknownModelPrice, known: false } : { ...listed, known: true }
}

/** Tokens of a text, estimated from above. Example: 7 ASCII characters -> 3 */
export function estimatedTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken)
}

/** Example: 1,000 tokens in and 500 out at 2 and 10 USD per million -> 0.007 */
export function costUsd(price: ModelPrice, tokens: { readonly input: number; readonly output: number }): number {
  return (tokens.input * price.input + tokens.output * price.output) / 1e6
}
