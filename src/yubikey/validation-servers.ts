/** The validation servers as the settings name them. */

export interface ValidationServers {
  /** As written in the settings: not looked at yet. */
  readonly servers: string;
  readonly clientId: number;
  /**
   * Certificates in PEM that are trusted in place of the public authorities.
   * @throws Fault of a `file-…` code when the file cannot be read
   */
  readonly authorities: () => string | undefined;
  /** Milliseconds for one server's answer. */
  readonly limit: number;
}
