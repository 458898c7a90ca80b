import { runProgram } from '../../runtime/index.ts'

/** What the demo cannot do without. */
export const needs = ['ffmpeg', 'ffprobe']

/** Six seconds of a test picture with a tone, made by ffmpeg: the same bytes each time. */
export async function demoInputs(
  place: { searchPath?: string } = {},
): Promise<{ site: string; name: string; content: Uint8Array }[]> {
  const args = [
    ['-nostdin', '-loglevel', 'error', '-fflags', '+bitexact'],
    ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30000/1001:duration=6'],
    ['-f', 'lavfi', '-i', 'sine=frequency=330:sample_rate=44100:duration=6'],
    ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-threads', '2'],
    ['-c:a', 'aac', '-b:a', '96k', '-flags:v', '+bitexact', '-flags:a', '+bitexact'],
    // In fragments, as a pipe cannot be gone back in.
    ['-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4', 'pipe:1'],
  ].flat()
  const { stdout } = await runProgram('ffmpeg', args, place)
  return [{ site: 'main', name: 'harbour/clip.mp4', content: stdout }]
}
