import type { BaseAdapter } from '@bull-board/api/baseAdapter'
import { WorldError } from '../errors.ts'

export type Health = { readonly ok: boolean } & Readonly<Record<string, unknown>>
export type Web = { readonly port: number; readonly close: () => Promise<void> }

/**
 * The page of the service on this machine alone: `/health` for a supervisor, `/metrics` for Prometheus, and on request the
 * queue's board under `/queues`, which shows and changes nothing.
 *
 * @throws WorldError when the port cannot be had
 */
export async function openWeb(options: {
  readonly port: number
  readonly health: () => Promise<Health>
  readonly metrics: () => Promise<string>
  readonly board: (() => Promise<readonly BaseAdapter[]>) | null
}): Promise<Web> {
  const { default: fastify } = await import('fastify')
  const app = fastify({ forceCloseConnections: true })
  app.get('/health', async (_request, reply) => {
    const health = await options.health()
    return reply.status(health.ok ? 200 : 503).send(health)
  })
  app.get('/metrics', async (_request, reply) => {
    return reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(await options.metrics())
  })
  if (options.board !== null) {
    const { createBullBoard } = await import('@bull-board/api')
    const { FastifyAdapter } = await import('@bull-board/fastify')
    const server = new FastifyAdapter()
    server.setBasePath('/queues')
    createBullBoard({ queues: [...(await options.board())], serverAdapter: server })
    await app.register(server.registerPlugin(), { prefix: '/queues' })
  }
  try {
    await app.listen({ port: options.port, host: '127.0.0.1' })
  } catch (cause) {
    await app.close()
    const { code } = cause as NodeJS.ErrnoException
    throw new WorldError(`the page cannot listen on 127.0.0.1:${options.port} (${code}); choose another WEB_PORT`, {
      retryable: false,
      cause,
    })
  }
  const address = app.server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () => app.close(),
  }
}
