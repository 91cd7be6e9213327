import type { Job } from '../src/job.ts'
import { allocateJob } from './allocate-job.ts'
import { collectJob } from './collect-job.ts'
import { extractJob } from './extract-job.ts'
import { fillJob } from './fill-job.ts'
import { ingestJob } from './ingest-job.ts'
import { monitorJob } from './monitor-job.ts'
import { publishJob } from './publish-job.ts'
import { rebalanceJob } from './rebalance-job.ts'
import { reportJob } from './report-job.ts'

/**
 * All jobs, in the order they fire within a day: read this to learn what runs when. Jobs that are due at the same moment
 * run in this order too when recorded days are played back.
 */
export const jobs: readonly Job[] = [
  ingestJob,
  extractJob,
  rebalanceJob,
  fillJob,
  allocateJob,
  monitorJob,
  reportJob,
  publishJob,
  collectJob,
]

export function jobNamed(name: string): Job | undefined {
  return jobs.find((job) => job.name === name)
}
