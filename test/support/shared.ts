import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** Path of a file of real prices, texts or peers' results that lies beside the project and is not part of it. */
export function sharedPath(relative: string): string {
  return `${root}${relative}`
}

/** Reason to skip where those files are absent; in CI they must be there, so nothing is skipped and the test fails. */
export const sharedAbsent: string | false =
  existsSync(root) || process.env.CI === 'true'
    ? false
    : 'needs ../shared (real prices and peers’ results) beside the project'
