/** Why one entry of a file cannot come; the entries around it may. It never leaves this room. */
export class Misfit extends Error {
  override readonly name = "Misfit";
}
