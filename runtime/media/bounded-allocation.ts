const arrays = [
  'ArrayBuffer',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
] as const

type ArrayConstructor = (new (...args: unknown[]) => object) & { BYTES_PER_ELEMENT?: number }

/**
 * Makes every array of bytes that is made from now on in this process refuse to be larger than `maxBytes`. For a
 * process that reads what nobody vouches for: V8's limit counts its heap, and such arrays stand outside it.
 */
export function limitAllocations(maxBytes: number): void {
  const globals = globalThis as unknown as Record<string, ArrayConstructor>
  for (const name of arrays) {
    const original = globals[name] as ArrayConstructor
    const bytesEach = original.BYTES_PER_ELEMENT ?? 1
    const limited: ArrayConstructor = new Proxy(original, {
      construct(target, args, newTarget) {
        const [length] = args
        if (typeof length === 'number' && length * bytesEach > maxBytes) {
          throw new RangeError(`needs ${length * bytesEach} bytes at once: at most ${maxBytes} are allowed`)
        }
        return Reflect.construct(target, args, newTarget === limited ? target : newTarget)
      },
    })
    original.prototype.constructor = limited
    globals[name] = limited
  }
}
