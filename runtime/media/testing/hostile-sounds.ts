import { box, concat, le16, le32, le64, noise, repeated, u16, u32, wav } from './hostile-bytes.ts'
import { cut, fixture, type HostileCases } from './hostile-case.ts'

const ftyp = box('ftyp', 'isom', u32(512), 'isomavc1')
const asfHeader = Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex')
const full = (...content: readonly Uint8Array[]) => concat(u32(0), ...content)

/** A track of which the table of sizes says that it has as many frames as a number can. */
const countless = () =>
  concat(
    ftyp,
    box(
      'moov',
      box('mvhd', full(Buffer.alloc(8), u32(1000), u32(1000), Buffer.alloc(80))),
      box(
        'trak',
        box('tkhd', full(Buffer.alloc(8), u32(1), Buffer.alloc(4), u32(1000), Buffer.alloc(60))),
        box(
          'mdia',
          box('mdhd', full(Buffer.alloc(8), u32(1000), u32(1000), Buffer.alloc(4))),
          box('hdlr', full(Buffer.alloc(4), Buffer.from('vide'), Buffer.alloc(13))),
          box(
            'minf',
            box(
              'stbl',
              box('stsd', full(u32(0xffffffff))),
              box('stts', full(u32(0xffffffff), noise(64))),
              box('stsc', full(u32(0xffffffff), noise(64))),
              box('stsz', full(u32(0), u32(0xffffffff))),
              box('stco', full(u32(0xffffffff), noise(64))),
            ),
          ),
        ),
      ),
    ),
  )

/** The bytes of a fixture with some of them changed. */
function changed(name: string, at: number, bytes: Uint8Array): Buffer {
  const copy = Buffer.from(fixture(name))
  copy.set(bytes, at)
  return copy
}

/** Videos that are cut, that lie, and that would read other files. */
export const hostileVideos: HostileCases = {
  'video/zero.mp4': [() => Buffer.alloc(0), /is empty/],
  'video/zeros.mov': [() => Buffer.alloc(10_000), /./],
  'video/text.avi': [() => Buffer.from('no video\n'), /./],
  'video/noise.flv': [() => concat('FLV', noise(5000)), /./],
  'video/noise.wmv': [() => concat(asfHeader, noise(5000)), /./],
  'video/cut-header.mp4': [() => fixture('clip.mp4').subarray(0, 30), /./],
  'video/cut.mp4': [() => cut('clip.mp4', 0.5), /./],
  'video/cut.webm': [() => cut('clip.webm', 0.1), /./],
  'video/broken-moov.mp4': [() => concat(ftyp, box('moov', noise(500))), /./],
  'video/countless.mp4': [countless, /./],
  'video/endless-box.mp4': [() => concat(ftyp, u32(1), 'moov', le64(2n ** 63n - 1n), noise(100)), /./],
  'video/empty-boxes.mp4': [() => concat(ftyp, repeated(box('free'), 20_000)), /./],
  'video/zero-box.mov': [() => concat(ftyp, u32(2), 'moov', noise(100)), /./],
  'video/deep.mov': [
    () => Array.from({ length: 2000 }).reduce((inner: Buffer) => box('moov', inner), noise(8)),
    /./,
  ],
  'video/no-video.mp4': [() => fixture('tone.m4a'), /no video/],
  'video/playlist.mp4': [() => Buffer.from('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'), /./],
  'video/concat.mkv': [() => Buffer.from('ffconcat version 1.0\nfile /etc/passwd\n'), /./],
  'video/lying.mkv': [() => concat(Buffer.from('1a45dfa301ffffffffffffff', 'hex'), noise(2000)), /./],
  'video/zip-named.mkv': [() => concat('PK\x03\x04', noise(2000)), /./],
}

/** Sounds that are cut, and that lie. */
export const hostileSounds: HostileCases = {
  'audio/zero.wav': [() => Buffer.alloc(0), /is empty/],
  'audio/zeros.mp3': [() => Buffer.alloc(200_000), /begins with zero bytes/],
  'audio/noise.mp3': [() => noise(100_000), /./],
  'audio/text.flac': [() => Buffer.from('no sound\n'), /./],
  'audio/lying.wav': [() => wav({ declared: 0x7ffffff0 }), /is cut off: it says/],
  'audio/endless.wav': [() => wav({ declared: 0xffffffff }), 'row'],
  'audio/no-rate.wav': [() => wav({ rate: 0 }), /./],
  'audio/no-channels.wav': [() => wav({ channels: 0 }), /./],
  'audio/header.wav': [() => wav({}).subarray(0, 20), /./],
  'audio/huge-tag.mp3': [
    () => concat('ID3', Buffer.from([4, 0, 0, 0x7f, 0x7f, 0x7f, 0x7f]), noise(1000)),
    /./,
  ],
  'audio/cut.mp3': [() => cut('tone.mp3', 0.5), 'row'],
  'audio/header.flac': [() => fixture('tone.flac').subarray(0, 30), /./],
  'audio/lying-block.flac': [() => changed('tone.flac', 5, Buffer.from([0xff, 0xff, 0xff])), /./],
  'audio/cut.ogg': [() => cut('tone.ogg', 0.5), /./],
  'audio/lying.opus': [
    () => changed('tone.opus', fixture('tone.opus').lastIndexOf('OggS') + 6, Buffer.alloc(8, 0x7f)),
    'row',
  ],
  'audio/cut.m4a': [() => cut('tone.m4a', 0.5), /is cut off or damaged/],
  'audio/boxes.m4a': [() => concat(ftyp, repeated(box('free'), 200_000)), /more than 100000 boxes/],
  'audio/cut.wma': [() => cut('tone.wma', 0.5), /is cut off/],
  'audio/lying.wma': [() => concat(asfHeader, le64(2n ** 60n), le32(1), le16(0)), /an ASF header of/],
  'audio/noise.aac': [() => concat(u16(0xfff1), noise(3000)), /./],
  'audio/video.m4a': [() => fixture('clip.mp4'), /no audio/],
}
