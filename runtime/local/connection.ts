import type net from 'node:net'
import { createInterface } from 'node:readline'

/** JSON messages over a socket, a line each. */
export interface Connection {
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /** When either side has ended it. */
  onClose(listener: () => void): void
  /** What has been sent still arrives. */
  end(): void
  /** At once. */
  destroy(): void
}

export function connection(socket: net.Socket): Connection {
  const lines = createInterface({ input: socket })
  // A peer that is killed resets the socket: `close` follows, and is what matters. Readline passes its input's errors on.
  socket.on('error', () => socket.destroy())
  lines.on('error', () => socket.destroy())
  return {
    send(message) {
      if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(message)}\n`)
    },
    onMessage(listener) {
      lines.on('line', (line) => listener(JSON.parse(line)))
    },
    onClose(listener) {
      socket.once('close', listener)
    },
    end() {
      socket.end()
    },
    destroy() {
      socket.destroy()
    },
  }
}
