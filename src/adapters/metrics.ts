/** Labels of one figure, such as `{ job: 'fill' }`. */
type Labels = Readonly<Record<string, string>>

export type Metrics = {
  /** Adds to a counter. */
  readonly add: (name: string, labels: Labels, by?: number) => void
  /** Sets a gauge. */
  readonly set: (name: string, labels: Labels, value: number) => void
  /** Everything in Prometheus' text format, version 0.0.4. */
  readonly text: () => string
}

/** What each figure means; its name ends in its unit, and a counter's in `_total`. */
const help = {
  primer_runs_total: 'Runs of jobs by outcome: done, nothing, failed (tried again) or given-up.',
  primer_run_seconds_total: 'Time that runs took.',
  primer_run_lag_seconds: 'How long after its due moment the last run of a job began.',
  primer_last_run_timestamp_seconds: 'When a job last ended without failing.',
  primer_queue_depth: 'Runs in a queue by state.',
  primer_redis_up: '1 while Redis answers.',
  primer_discord_up: '1 while the gateway of Discord is connected, in the service that has it.',
  primer_discord_waiting: 'Events of Discord that are not written down yet.',
  primer_model_cost_usd: 'What the model has cost today (UTC).',
  primer_model_budget_left_usd: 'What is left for the model today (UTC).',
  primer_posts_left: 'Posts that the quota of X leaves in a period.',
  primer_journal_entries: 'Number of the last entry of the journal.',
  primer_event_loop_lag_seconds: 'Longest time the event loop was blocked since the last look.',
  primer_memory_bytes: 'Resident memory of the process.',
} as const
export type MetricName = keyof typeof help

/** Counters and gauges of one process. */
export function openMetrics(): Metrics {
  const figures = new Map<string, Map<string, number>>()
  const series = (name: string) => {
    const known = figures.get(name) ?? new Map<string, number>()
    figures.set(name, known)
    return known
  }
  return {
    add: (name, labels, by = 1) => {
      const one = series(name)
      const key = shown(labels)
      one.set(key, (one.get(key) ?? 0) + by)
    },
    set: (name, labels, value) => void series(name).set(shown(labels), value),
    text: () =>
      [...figures]
        .map(([name, one]) => {
          const about = (help as Readonly<Record<string, string>>)[name] ?? name
          const type = name.endsWith('_total') ? 'counter' : 'gauge'
          const lines = [...one].map(([labels, value]) => `${name}${labels} ${value}`)
          return [`# HELP ${name} ${about}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
        })
        .join(''),
  }
}

function shown(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
}
