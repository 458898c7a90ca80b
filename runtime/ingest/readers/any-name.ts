class AnyName extends Set<string> {
  override has(): boolean {
    return true
  }
}

/** Asks a reader for every variable there is: it has all names, and lists none. */
export const anyName: ReadonlySet<string> = new AnyName()
