/**
 * The word that was probably meant, for messages such as "did you mean".
 *
 * @param most letters that may differ; shorter words than three times that are never offered
 * @returns the nearest of `words`, the first of equals, or null. Example: closest('DISCORD_TOKN', ['DISCORD_TOKEN'], 2)
 */
export function closest(word: string, words: readonly string[], most: number): string | null {
  let best: string | null = null
  let least = most + 1
  for (const candidate of words) {
    const far = candidate.length < 3 * most ? least : distance(word, candidate)
    if (far < least) {
      best = candidate
      least = far
    }
  }
  return best
}

/** Least number of letters to insert, delete or replace to get from one word to the other (Levenshtein, 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
