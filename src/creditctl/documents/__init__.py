"""What the house hands out: receipts, order forms, invoices, payloads and bodies of mails."""
