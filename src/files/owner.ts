/** Whose files this process trusts besides root's, where nothing else is said. */

let declared: number | undefined;

/** The effective uid, by which files are made and opened, or the one that was declared. */
export function ownUid(): number {
  return declared ?? process.geteuid?.() ?? 0;
}

/** Trusts this uid's files instead, until what it returns is called. */
export function declareOwner(uid: number): () => void {
  const before = declared;
  declared = uid;
  return () => {
    declared = before;
  };
}
