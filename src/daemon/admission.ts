/** How many connections may be open at once: in all, and of each uid but root's. */

export interface Admission {
  readonly total: number;
  readonly each: number;
}

const ROOT = 0;

export class Doorkeeper {
  readonly #admission: Admission;
  readonly #open = new Map<number, number>();
  #total = 0;

  constructor(admission: Admission) {
    this.#admission = admission;
  }

  /**
   * Lets a connection of this uid in, or not. Root's always are: sshd, sudo and su connect as
   * root, and no user may fill the room that a login needs.
   */
  enter(uid: number): boolean {
    const open = this.#open.get(uid) ?? 0;
    if (uid !== ROOT && (open >= this.#admission.each || this.#total >= this.#admission.total)) {
      return false;
    }
    this.#open.set(uid, open + 1);
    if (uid !== ROOT) this.#total++;
    return true;
  }

  leave(uid: number): void {
    const open = (this.#open.get(uid) ?? 1) - 1;
    if (open === 0) this.#open.delete(uid);
    else this.#open.set(uid, open);
    if (uid !== ROOT) this.#total--;
  }
}
