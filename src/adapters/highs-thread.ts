import assert from 'node:assert/strict'
import { parentPort } from 'node:worker_threads'
import { InputError, WorldError } from '../errors.ts'
import type { Problem } from '../optimizer/problem.ts'
import type { Solution } from '../optimizer/solution.ts'
import { openHighs, type SolveOptions, solve } from './highs.ts'

/** The other side of highs-worker.ts: what runs in the thread. One request at a time, each with one answer. */
export type ThreadRequest = { readonly problem: Problem; readonly options: SolveOptions }

/** Structured cloning keeps no class of ours, so an error says which it was. */
export type ThreadAnswer =
  | { readonly kind: 'solution'; readonly solution: Solution }
  | { readonly kind: 'input-error'; readonly faults: readonly string[] }
  | { readonly kind: 'world-error'; readonly message: string; readonly retryable: boolean; readonly because: string }
  | { readonly kind: 'mistake'; readonly message: string; readonly stack: string }

const port = parentPort
assert(port !== null, 'highs-thread.ts is started by highs-worker.ts')

// Loaded before the first problem comes; a failure is told to whoever asks for a solution.
openHighs().catch(() => {})

port.on('message', (request: ThreadRequest) => {
  solve(request.problem, request.options)
    .then((solution): ThreadAnswer => ({ kind: 'solution', solution }), answerOfError)
    .then((answer) => port.postMessage(answer))
})

function answerOfError(error: unknown): ThreadAnswer {
  if (error instanceof InputError) return { kind: 'input-error', faults: error.faults }
  if (error instanceof WorldError) {
    const because = error.cause instanceof Error ? error.cause.message : ''
    return { kind: 'world-error', message: error.message, retryable: error.retryable, because }
  }
  if (error instanceof Error) return { kind: 'mistake', message: error.message, stack: error.stack ?? '' }
  return { kind: 'mistake', message: String(error), stack: '' }
}
