import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { GlobalFonts } from '@napi-rs/canvas'
import { WorldError } from '../errors.ts'

const weights = [400, 600] as const
export type FontWeight = (typeof weights)[number]

/** Makes Inter known to whatever draws or measures text here, so that every machine does both alike. */
export function registerInter(): void {
  if (registered) return
  for (const weight of weights) {
    const file = interFile(weight)
    // A font that fails to load measures as nothing, and no error says so.
    if (GlobalFonts.registerFromPath(file, 'Inter') === null) throw unreadable(file)
  }
  registered = true
}

let registered = false

/** The font of a weight as base64 of its WOFF2 file, to stand inside a page. */
export function interBase64(weight: FontWeight): string {
  const file = interFile(weight)
  try {
    return readFileSync(file).toString('base64')
  } catch (error) {
    throw unreadable(file, error)
  }
}

function interFile(weight: FontWeight): string {
  return createRequire(import.meta.url).resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`)
}

function unreadable(file: string, cause?: unknown): WorldError {
  const message = `The font ${file} could not be read; reinstall the packages with npm ci`
  return new WorldError(message, { retryable: false, cause })
}
