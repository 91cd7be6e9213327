import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { withFolder } from '../support/database.ts'
import { climbingMarket, runJob } from '../support/jobs.ts'
import { assertSameRows } from '../support/kill-run.ts'
import { primer, primerJson, rowsOf, soundness, startPrimer as startProgram } from '../support/primer.ts'
import { openRedis, redisAbsent } from '../support/redis.ts'

const options = { skip: redisAbsent, timeout: 180_000 }
const quiet = { WEB_PORT: '0', LOG_LEVEL: 'warn' }
/** A source that nobody answers for: the service runs, and its jobs wait. */
const nobody = { MARKET: 'yahoo', YAHOO_URL: 'http://127.0.0.1:9' }

/** Programs that a failed test leaves behind end with it. */
const started: ReturnType<typeof startProgram>['child'][] = []
const startPrimer: typeof startProgram = (...given) => {
  const program = startProgram(...given)
  started.push(program.child)
  return program
}
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGTERM')
})

const play = (from: string, to: string) => ['start', '--from', from, '--to', to]
const rowsIn = (home: string) => rowsOf(join(home, 'journal.db'))

/** Waits until a started program has said something on stderr. @returns what it said first that fits */
async function heard(child: ReturnType<typeof startPrimer>['child'], pattern: RegExp): Promise<RegExpExecArray> {
  let said = ''
  child.stderr!.on('data', (text: string) => {
    said += text
  })
  for (let tries = 0; tries < 600; tries++) {
    const found = pattern.exec(said)
    if (found !== null) return found
    if (child.exitCode !== null) break
    await setTimeout(50)
  }
  throw new Error(`the program did not say ${pattern}: ${said}`)
}

test('days played back through the queue record the very entries of the jobs run by hand', options, () =>
  withFolder(async (home) => {
    const byHand = join(home, 'hand')
    const byQueue = join(home, 'queue')
    for (const folder of [byHand, byQueue]) mkdirSync(folder)
    const environment = climbingMarket(byHand)
    for (const date of ['2024-03-05', '2024-03-06', '2024-03-07', '2024-03-08']) {
      for (const job of ['fill', 'allocate']) await runJob(job, date, environment)
    }
    await runJob('report', '2024-03-08', environment)

    const env = { ...climbingMarket(byHand), ...quiet, PRIMER_HOME: byQueue }
    const { code, stderr, stdout } = await primer(play('2024-03-05', '2024-03-08'), { home: byQueue, env })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /played 2024-03-05 to 2024-03-08/)
    assertSameRows(rowsIn(byQueue), rowsIn(byHand))
    assert.deepEqual((await soundness(byQueue)).differences, [])

    // Once more: nothing is done twice.
    const again = await primer(play('2024-03-05', '2024-03-08'), { home: byQueue, env })
    assert.equal(again.code, 0, again.stderr)
    assertSameRows(rowsIn(byQueue), rowsIn(byHand))
  }),
)

test(
  'a service that is killed at any moment goes on where it stopped, and two at once do everything once',
  options,
  () =>
    withFolder(async (home) => {
      const market = climbingMarket(home).MARKET!
      const [whole, killed, both] = ['whole', 'killed', 'both'].map((name) => join(home, name)) as [
        string,
        string,
        string,
      ]
      for (const folder of [whole, killed, both]) mkdirSync(folder)
      const env = { ...quiet, MARKET: market }
      const run = (folder: string) => startPrimer(play('2024-03-05', '2024-03-08'), { home: folder, env })
      assert.equal((await run(whole).ended).code, 0)
      const wanted = rowsIn(whole)

      const { child, ended } = run(killed)
      while (child.exitCode === null && (!existsSync(join(killed, 'journal.db')) || count(killed) < 9))
        await setTimeout(5)
      child.kill('SIGKILL')
      await ended
      const last = await run(killed).ended
      assert.equal(last.code, 0, last.stderr)
      assertSameRows(rowsIn(killed), wanted)

      const two = await Promise.all([run(both).ended, run(both).ended])
      assert.deepEqual(
        two.map(({ code }) => code),
        [0, 0],
        two.map(({ stderr }) => stderr).join('\n'),
      )
      assertSameRows(rowsIn(both), wanted)
      assert.equal((await soundness(both)).verifies, true)
    }),
)

function count(home: string): number {
  try {
    return rowsIn(home).length
  } catch {
    return 0
  }
}

test(
  'a private Redis that dies is started again, a killed service’s is taken over, and the last service ends it',
  options,
  () =>
    withFolder(async (home) => {
      const env = { ...nobody, WEB_PORT: '0', LOG_LEVEL: 'info' }
      const first = startPrimer(['start'], { home, env })
      const [, port] = await heard(first.child, /127\.0\.0\.1:(\d+)\/health/)
      const health = async () => (await fetch(`http://127.0.0.1:${port}/health`)).json() as Promise<{ redis: string }>
      assert.equal((await health()).redis, 'up')
      const seen = await primerJson<{ queue: Record<string, unknown>; jobs: { job: string }[] }>(['status'], {
        home,
        env,
      })
      assert('books' in seen.queue && 'posts' in seen.queue)
      assert(seen.jobs.some(({ job }) => job === 'allocate'))
      const pid = () => Number(readFileSync(join(home, 'redis', 'redis.pid'), 'utf8'))
      const before = pid()
      process.kill(before, 'SIGKILL')
      while (isAlive(before) || pid() === before || (await health()).redis !== 'up') await setTimeout(50)
      const read = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      let metrics = await read()
      // The queue's own connection may need a moment longer.
      while (!/^primer_queue_depth/m.test(metrics)) metrics = await read()
      assert.match(metrics, /^primer_redis_up 1$/m)
      assert.match(metrics, /^primer_queue_depth\{queue="books",state="waiting"\} \d+$/m)
      for (const line of metrics.trim().split('\n'))
        assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [\d.e+-]+)$/)

      first.child.kill('SIGKILL')
      await first.ended
      const left = pid()
      assert(isAlive(left), 'a crash leaves Redis running')
      const second = startPrimer(['start'], { home, env })
      await heard(second.child, /runs already/)
      await heard(second.child, /health/)
      assert.equal(pid(), left)
      second.child.kill('SIGTERM')
      const { code, stderr } = await second.ended
      assert.equal(code, 0, stderr)
      while (isAlive(left)) await setTimeout(50)
    }),
)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('SIGTERM ends the service within ten seconds although its Redis is dead', options, () =>
  withFolder(async (home) => {
    const redis = await openRedis()
    try {
      const env = { ...nobody, REDIS_URL: redis.url, WEB_PORT: '0', LOG_LEVEL: 'info' }
      const { child, ended } = startPrimer(['start'], { home, env })
      const [, port] = await heard(child, /127\.0\.0\.1:(\d+)\/health/)
      await redis.kill()
      const status = async () => (await fetch(`http://127.0.0.1:${port}/health`)).status
      while ((await status()) !== 503) await setTimeout(50)
      const began = Date.now()
      child.kill('SIGTERM')
      const { code } = await ended
      assert(Date.now() - began < 10_000, `${Date.now() - began} ms`)
      assert.equal(code, 0)
    } finally {
      await redis.remove()
    }
  }),
)

test('without a redis-server one line says how to install it, and nothing is made', { timeout: 30_000 }, () =>
  withFolder(async (home) => {
    const { code, stderr } = await primer(['start'], { home, env: { ...nobody, PATH: '' } })
    assert.equal(code, 2)
    assert.match(
      stderr,
      /^primer: no redis-server was found on PATH, and REDIS_URL is not set; .*(install|add|-S) .*REDIS_URL\n$/,
    )
    assert(!existsSync(join(home, 'journal.db')))
  }),
)

test('dates that cannot be played back are refused before anything is started', { timeout: 60_000 }, () =>
  withFolder(async (home) => {
    const { MARKET } = climbingMarket(home)
    const cases: [string[], Record<string, string>, RegExp][] = [
      [['start'], { MARKET: MARKET! }, /name --from and --to/],
      [play('2024-03-08', '2024-03-05'), { MARKET: MARKET! }, /--from 2024-03-08 lies after --to 2024-03-05/],
      [play('2019-03-05', '2019-03-08'), { MARKET: MARKET! }, /cover 2024-03-04 to 2024-03-22/],
      [play('2024-03-05', '2024-03-08'), nobody, /is live/],
    ]
    for (const [args, env, wanted] of cases) {
      const { code, stderr } = await primer(args, { home, env })
      assert.equal(code, 2, stderr)
      assert.match(stderr, wanted)
    }
    assert(!existsSync(join(home, 'journal.db')) && !existsSync(join(home, 'redis')))
  }),
)
