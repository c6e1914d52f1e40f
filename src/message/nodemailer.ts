/**
 * The two parts of Nodemailer that are used: not its transports, which read more settings, and
 * are loaded with all else that it can. Loaded late, for no other login waits for it.
 */
export async function loadNodemailer() {
  const [{ default: MailComposer }, { default: SMTPConnection }] = await Promise.all([
    import("nodemailer/lib/mail-composer"),
    import("nodemailer/lib/smtp-connection"),
  ]);
  return { MailComposer, SMTPConnection };
}
