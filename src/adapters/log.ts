import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from '../config.ts'
import { redactor } from '../redaction.ts'

/** One line a step: what was done for which book and date, by which job, in how many milliseconds. */
export type Log = Logger

/**
 * Fields that libraries put their secrets under, at any depth. On the finished line: pino's own way, by paths with wildcards,
 * takes longer than everything else that a line costs.
 */
const secretFields = /"(token|api_?key|password|authorization|secret|access_?token)":"(?:[^"\\]|\\.)*"/gi

/**
 * The log: one JSON object a line, or on a terminal one plain line. Whatever comes in, no secret of the environment goes
 * out: fields by name, and then the whole line by the values.
 */
export function openLog(options: {
  readonly level: Config['logLevel']
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly write: (line: string) => void
  readonly isTerminal: boolean
}): Log {
  const redact = redactor(options.environment)
  const stream: DestinationStream = {
    write: (line) => {
      const safe = line.replace(secretFields, '"$1":"[secret]"')
      options.write(redact(options.isTerminal ? plainLine(safe) : safe))
    },
  }
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err },
    },
    stream,
  )
}

/** Example: '21:20:03 info  allocate allocator 2026-11-20: decided 2026-11-20: decision (812 ms)' */
function plainLine(line: string): string {
  const { time, level, msg, job, book, date, durationMs, err } = JSON.parse(line) as Record<string, unknown>
  const what = [job, book, date].filter((part) => part !== undefined).join(' ')
  const took = durationMs === undefined ? '' : ` (${String(durationMs)} ms)`
  const cause = (err as { readonly message?: string } | undefined)?.message
  const text = [msg, cause].filter((part) => part !== undefined && part !== '').join(': ')
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${what === '' ? '' : `${what}: `}${text}${took}\n`
}
