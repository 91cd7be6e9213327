import { Worker } from 'node:worker_threads'
import { InputError, WorldError } from '../errors.ts'
import type { Problem } from '../optimizer/problem.ts'
import type { Solution } from '../optimizer/solution.ts'
import { defaultTimeoutSeconds, type SolveOptions } from './highs.ts'
import type { ThreadAnswer, ThreadRequest } from './highs-thread.ts'

export type SolverWorker = {
  /** The same as `solve` of highs.ts, to the byte, without blocking the caller's event loop. */
  readonly solve: (problem: Problem, options?: SolveOptions) => Promise<Solution>
  /** Ends within a second whatever the solver does; calls that have no answer yet fail. */
  readonly close: () => Promise<void>
}

/** The solver keeps its own time. When it is this late it hangs, and its thread is ended. */
const graceMs = 2000
const mostClosingMs = 900
/** A longer timer would fire at once. */
const longestTimerMs = 2 ** 31 - 1

type Call = {
  readonly request: ThreadRequest
  readonly resolve: (solution: Solution) => void
  readonly reject: (error: Error) => void
}
type Running = { readonly call: Call; readonly timer: NodeJS.Timeout }

/**
 * HiGHS in a thread of its own, loaded at once. Calls queue up; each has its own time, which starts when it is taken up.
 *
 * A thread that crashes or hangs takes only the call it is at with it: that one fails with a WorldError that may be
 * tried again, and the next has a new thread. While no call is open the thread does not keep the process alive.
 *
 * @param options entry: the program of the thread; a test gives another
 */
export function openSolverWorker(options: { readonly entry?: URL } = {}): SolverWorker {
  const entry = options.entry ?? new URL('./highs-thread.ts', import.meta.url)
  const waiting: Call[] = []
  let running: Running | undefined
  let closed = false
  let worker: Worker | undefined = start()

  function start(): Worker {
    // Flags of this process such as --input-type would not suit a file.
    const started = new Worker(entry, { name: 'highs', execArgv: [] })
    started.unref()
    started.on('message', (answer: ThreadAnswer) => {
      if (started === worker) answered(answer)
    })
    started.on('error', (cause) => lost(started, 'broke down', cause))
    started.on('messageerror', (cause) => lost(started, 'sent what cannot be read', cause))
    started.on('exit', (code) => lost(started, `ended by itself with code ${code}`))
    return started
  }

  function answered(answer: ThreadAnswer): void {
    const call = finished()
    if (call !== undefined) {
      if (answer.kind === 'solution') call.resolve(answer.solution)
      else call.reject(errorOf(answer))
    }
    next()
  }

  function lost(which: Worker, how: string, cause?: unknown): void {
    if (which !== worker) return
    worker = undefined
    which.terminate().catch(() => {})
    const message = `the thread of the HiGHS solver ${how}, without a solution; try again`
    finished()?.reject(new WorldError(message, { retryable: true, cause }))
    next()
  }

  function finished(): Call | undefined {
    const call = running?.call
    clearTimeout(running?.timer)
    running = undefined
    worker?.unref()
    return call
  }

  function next(): void {
    if (running !== undefined || closed) return
    const call = waiting.shift()
    if (call === undefined) return
    try {
      worker ??= start()
      const own = worker
      const seconds = call.request.options.timeoutSeconds ?? defaultTimeoutSeconds
      const late = `gave no answer within ${seconds} s and ${graceMs / 1000} s of grace and was ended`
      const afterMs = Math.min(seconds * 1000 + graceMs, longestTimerMs)
      running = { call, timer: setTimeout(() => lost(own, late), afterMs) }
      own.ref()
      own.postMessage(call.request)
    } catch (error) {
      finished()
      call.reject(error as Error)
      next()
    }
  }

  async function close(): Promise<void> {
    closed = true
    const ending = worker
    worker = undefined
    const open = [finished(), ...waiting.splice(0)]
    for (const call of open) call?.reject(closedError())
    if (ending === undefined) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, mostClosingMs)
    })
    await Promise.race([ending.terminate(), late])
    clearTimeout(timer)
  }

  return {
    solve: (problem, solveOptions = {}) =>
      new Promise((resolve, reject) => {
        if (closed) throw closedError()
        waiting.push({ request: { problem, options: solveOptions }, resolve, reject })
        next()
      }),
    close,
  }
}

function closedError(): WorldError {
  return new WorldError('the HiGHS solver was closed before it had a solution; start again', { retryable: true })
}

function errorOf(answer: Exclude<ThreadAnswer, { readonly kind: 'solution' }>): Error {
  switch (answer.kind) {
    case 'input-error':
      return new InputError(answer.faults)
    case 'world-error': {
      const cause = answer.because === '' ? undefined : new Error(answer.because)
      return new WorldError(answer.message, { retryable: answer.retryable, cause })
    }
    case 'mistake':
      return new Error(answer.message, { cause: answer.stack })
  }
}
