/** What a fetch saw on the way, since the client's errors do not tell. */
export type Tap = { requestId: string | null; tooLarge: boolean }

const bodiless = [204, 205, 304]

/**
 * A fetch that reads the whole body before it returns, and at most `bytesMost` of it. The client's timeout thus covers a server
 * that stops in the middle of a body, and one that never stops fills no memory.
 */
export function boundedFetch(tap: Tap, bytesMost: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    tap.requestId = response.headers.get('x-request-id')
    const body = await readAtMost(response, bytesMost)
    if (body === null) {
      tap.tooLarge = true
      throw new Error(`more than ${bytesMost} bytes`)
    }
    const headers = new Headers(response.headers)
    for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name)
    return new Response(bodiless.includes(response.status) ? null : body, { status: response.status, headers })
  }
}

/** The body, or null when it is longer; the rest is then left unread and the connection closed. */
async function readAtMost(response: Response, bytesMost: number): Promise<Buffer<ArrayBuffer> | null> {
  if (response.body === null) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop early cancels the stream, which closes the connection.
  for await (const chunk of response.body) {
    bytes += chunk.length
    if (bytes > bytesMost) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
