/** What the header of an image says that libvips does not read. */
export interface PictureInfo {
  readonly width: number | undefined
  readonly height: number | undefined
  /** In the words of `imageMode`; `undefined` where none of them fits. */
  readonly mode: string | undefined
}
