// 10,000 texts through the queue with four workers and a model of 200 ms, two of which are killed: `node bench/extraction.ts
// [TEXTS [REQUESTS_PER_MINUTE]]`. It needs redis-server.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { extractJob } from '../jobs/extract-job.ts'
import { openQueues } from '../src/adapters/queue.ts'
import { primer, rowsOf } from '../test/support/primer.ts'
import { numberedTexts, startReadingServer } from '../test/support/reading-server.ts'
import { openRedis } from '../test/support/redis.ts'

const texts = Number(process.argv[2] ?? 10_000)
const perMinute = Number(process.argv[3] ?? 6000)
const latencyMs = 200
const workers = 4
const prefix = 'bench'

const home = mkdtempSync(join(tmpdir(), 'primer-bench-extraction-'))
const redis = await openRedis()
const server = await startReadingServer({ latencyMs, perMinute })
const children: ChildProcess[] = []
try {
  writeFileSync(join(home, 'texts.jsonl'), numberedTexts(texts))
  const started = performance.now()
  const ingested = await primer(['run', 'ingest', '--items', join(home, 'texts.jsonl'), '--home', home], { home })
  console.log(`${ingested.stdout.trim()} in ${((performance.now() - started) / 1000).toFixed(1)} s`)

  const environment = {
    PRIMER_HOME: home,
    MARKET: 'simulated:1',
    OPENAI_BASE_URL: server.url,
    LLM_MODEL: 'reader-1',
    LLM_PRICE_USD_PER_MTOK: '0.1,0.1',
    LLM_DAILY_BUDGET_USD: '1000',
    LLM_REQUESTS_PER_MINUTE: String(perMinute),
  }
  const worker = fileURLToPath(new URL('../test/support/extraction-worker.ts', import.meta.url))
  for (let index = 0; index < workers; index++) {
    const env = { PATH: process.env.PATH, ...environment }
    children.push(
      spawn(process.execPath, [worker, redis.socket, prefix], { env, stdio: ['ignore', 'inherit', 'inherit'] }),
    )
  }
  const queues = await openQueues({ address: { path: redis.socket }, prefix })
  const at = new Date().toISOString()
  await queues.enqueue(extractJob.runOf({ at }, at))

  const answered = () => [...server.texts.values()].filter(({ answeredAt }) => answeredAt.length > 0).length
  const memory: number[][] = []
  const kills: number[] = []
  const keptAtKill: Set<number>[] = []
  const file = join(home, 'journal.db')
  let recorded = 0
  while (recorded < texts) {
    await setTimeout(1000)
    const done = answered()
    for (const [index, share] of [0.3, 0.6].entries()) {
      if (done < texts * share || kills.length > index) continue
      children[index]!.kill('SIGKILL')
      kills.push(performance.now())
      keptAtKill.push(keptAnswers(join(home, 'cache', 'claims', 'claims.db')))
      console.log(`killed worker ${index + 1} after ${done} answers`)
    }
    memory.push(children.map(({ pid, signalCode }) => (signalCode === null ? residentMb(pid!) : 0)))
    recorded = done < texts ? 0 : rowsOf(file).filter(({ kind }) => kind === 'extraction').length
  }
  const requests = [...server.texts.values()].flatMap(({ at }) => at).sort((a, b) => a - b)
  const seconds = (requests.at(-1)! - requests[0]!) / 1000
  const allowed = perMinute / 60
  const contents = new Set(
    rowsOf(file).flatMap(({ kind, body }) => (kind === 'extraction' ? JSON.parse(body).item : [])),
  )
  const twice = [...server.texts.values()].filter(({ at }) => at.length > 1)
  // Whose answer was kept when a worker was killed, and who was asked again after it.
  const paidTwice = [...server.texts].filter(([number, { at }]) =>
    kills.some((kill, index) => keptAtKill[index]!.has(number) && at.some((asked) => asked > kill)),
  )
  console.log(
    `\n| texts | requests a second | of the limit of ${allowed.toFixed(0)} | refused (429) | recorded | asked again after a kill | of these kept | `,
  )
  console.log('|---|---|---|---|---|---|---|')
  console.log(
    `| ${texts} | ${(requests.length / seconds).toFixed(1)} | ${((100 * requests.length) / seconds / allowed).toFixed(1)} % | ${server.refused()} | ${contents.size}, each once: ${recorded === contents.size} | ${twice.length} | ${paidTwice.length} |`,
  )
  if (process.env.BENCH_VERBOSE !== undefined) {
    const steps = Map.groupBy(requests, (at) => Math.floor((at - requests[0]!) / 5000))
    console.log('requests in each 5 s:', [...steps.values()].map((some) => some.length).join(' '))
    for (const row of memory.filter((_, index) => index % 10 === 0)) console.log('MB:', row.join(' '))
  }
  const last = children.length - 1
  const quarter = memory[Math.floor(memory.length / 4)]![last]
  console.log(
    `memory of worker ${last + 1} in MB: at a quarter ${quarter}, at the end ${memory.at(-1)![last]}, most ${Math.max(...memory.map((row) => row[last]!))}`,
  )
  await queues.close(1000)
} finally {
  for (const child of children) child.kill('SIGKILL')
  await server.close()
  await redis.remove()
  rmSync(home, { recursive: true, force: true })
}

/** The texts whose answers lie in the cache. */
function keptAnswers(file: string): Set<number> {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = database.prepare('SELECT claims FROM answers').all()
    return new Set(rows.map(({ claims }) => Number(/Text (\d+):/.exec(String(claims))?.[1])))
  } finally {
    database.close()
  }
}

function residentMb(pid: number): number {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
}
