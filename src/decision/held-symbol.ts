/** Symbol of a `buy-and-hold:SYMBOL` policy, null for others. */
export function heldSymbol(policy: string): string | null {
  return /^buy-and-hold:(.+)$/.exec(policy)?.[1] ?? null
}
