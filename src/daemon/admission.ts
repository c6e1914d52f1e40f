/** How many connections may be open at once: in all, and of each uid but root's. */

export interface Admission {
  readonly total: number;
  readonly each: number;
}

/** A connection, as far as its place is concerned. */
export interface Guest {
  /** True from its opening to its ending. */
  readonly isUnderWay: boolean;
  destroy(): void;
}

const ROOT = 0;

export class Doorkeeper {
  readonly #admission: Admission;
  readonly #open = new Map<number, number>();
  /** Those that are not root's, the oldest first. */
  readonly #guests = new Map<Guest, number>();

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  /**
   * True where a connection of this uid may come in. Root's always may: sshd, sudo and su
   * connect as root, and no user may fill the room that a login needs.
   */
  hasRoom(uid: number): boolean {
    if (uid === ROOT) return true;
    if ((this.#open.get(uid) ?? 0) >= this.#admission.each) return false;
    return this.#guests.size < this.#admission.total || this.#turnOut();
  }

  enter(guest: Guest, uid: number): void {
    if (uid === ROOT) return;
    this.#open.set(uid, (this.#open.get(uid) ?? 0) + 1);
    this.#guests.set(guest, uid);
  }

  leave(guest: Guest): void {
    const uid = this.#guests.get(guest);
    if (uid === undefined) return;
    this.#guests.delete(guest);
    const open = (this.#open.get(uid) ?? 1) - 1;
    if (open === 0) this.#open.delete(uid);
    else this.#open.set(uid, open);
  }

  /**
   * Turns out the oldest that only holds a place: one user may have the 65,536 uids of their
   * user namespaces (subuid(5)), and with some of them fill the room without asking anything.
   */
  #turnOut(): boolean {
    for (const guest of this.#guests.keys()) {
      if (guest.isUnderWay) continue;
      this.leave(guest);
      guest.destroy();
      return true;
    }
    return false;
  }
}
