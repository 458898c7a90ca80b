/** How many of a mask's elements are 1. */
export function countMarks(mask: Uint8Array): number {
  let count = 0
  for (let i = 0; i < mask.length; i++) count += mask[i] as number
  return count
}
