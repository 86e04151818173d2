"""The words of a document in every language it speaks; English where there is no other."""

LANGUAGES = ("en", "de", "fr", "es", "it", "nl")

_TABLE = """
invoice      | Invoice | Rechnung | Facture | Factura | Fattura | Factuur
credit_note  | Credit note | Rechnungskorrektur | Avoir | Nota de crédito | Nota di credito | Creditnota
receipt      | Receipt | Quittung | Reçu | Recibo | Ricevuta | Ontvangstbewijs
order_form   | Order form | Bestellschein | Bon de commande | Formulario de pedido | Modulo d’ordine | Bestelformulier
draft        | Draft | Entwurf | Brouillon | Borrador | Bozza | Concept
void         | Void | Storniert | Annulée | Anulada | Annullata | Vervallen
number       | Number | Nummer | Numéro | Número | Numero | Nummer
issued       | Issued | Datum | Date d’émission | Fecha de emisión | Data di emissione | Datum
due_on       | Due | Fällig am | Échéance | Vencimiento | Scadenza | Vervaldatum
period       | Period | Zeitraum | Période | Periodo | Periodo | Periode
from         | From | Von | De | De | Da | Van
to           | To | An | À | Para | A | Aan
tax_id       | Tax id | USt-IdNr./Steuer-ID | N° TVA/fiscal | NIF/IVA | P. IVA/C.F. | Btw-/fiscaal nr.
po_number    | Purchase order | Bestellnummer | Bon de commande n° | Orden de compra | Ordine d’acquisto | Inkoopnummer
reference    | Your reference | Ihr Zeichen | Votre référence | Su referencia | Vostro riferimento | Uw kenmerk
purchase     | Purchase | Kauf | Achat | Compra | Acquisto | Aankoop
month        | Month | Monat | Mois | Mes | Mese | Maand
invoice_id   | Invoice id | Rechnungs-ID | Id. de facture | Id. de factura | Id. fattura | Factuur-id
order        | Order | Auftrag | Commande | Pedido | Ordine | Order
version      | Version | Fassung | Version | Versión | Versione | Versie
status       | Status | Status | État | Estado | Stato | Status
corrects     | Corrects | Korrigiert | Corrige | Rectifica | Rettifica | Corrigeert
organization | Account | Konto | Compte | Cuenta | Account | Account
description  | Description | Beschreibung | Désignation | Descripción | Descrizione | Omschrijving
quantity     | Quantity | Menge | Quantité | Cantidad | Quantità | Aantal
unit_price   | Unit price | Einzelpreis | Prix unitaire | Precio unitario | Prezzo unitario | Prijs per stuk
amount       | Amount | Betrag | Montant | Importe | Importo | Bedrag
with_tax     | Amount with tax | Betrag mit Steuer | Montant TTC | Importe con impuestos | Importo con imposta | Bedrag incl. belasting
credits      | Credits | Credits | Crédits | Créditos | Crediti | Credits
net          | Net | Netto | Total HT | Base imponible | Imponibile | Netto
tax          | Tax | Steuer | Taxe | Impuesto | Imposta | Belasting
on           | on | auf | sur | sobre | su | over
total        | Total | Gesamtbetrag | Total | Total | Totale | Totaal
price        | Price | Preis | Prix | Precio | Prezzo | Prijs
paid         | Paid | Bezahlt | Payé | Pagado | Pagato | Betaald
credited     | Credited | Gutgeschrieben | Crédité | Abonado | Accreditato | Gecrediteerd
due          | Amount due | Zu zahlen | Reste à payer | Importe pendiente | Importo dovuto | Te betalen
due_after    | Due after credit notes | Zu zahlen nach Rechnungskorrekturen | Reste à payer après avoirs | Importe pendiente tras notas de crédito | Importo dovuto dopo note di credito | Te betalen na creditnota’s
payment      | Payment | Zahlung | Paiement | Pago | Pagamento | Betaling
terms        | Terms | Bedingungen | Conditions | Condiciones | Condizioni | Voorwaarden
instalments  | Instalments | Teillieferungen | Échéancier | Plazos | Rate | Termijnen
payments     | Payments | Zahlungen | Paiements | Pagos | Pagamenti | Betalingen
credit_notes | Credit notes | Rechnungskorrekturen | Avoirs | Notas de crédito | Note di credito | Creditnota’s
line         | Line | Position | Ligne | Línea | Riga | Regel
day          | Day | Tag | Date | Fecha | Data | Datum
expires      | Expires | Verfällt am | Expire le | Caduca | Scade | Vervalt op
signed       | Signed | Unterschrieben | Signé | Firmado | Firmato | Ondertekend
signature    | Name, date, signature | Name, Datum, Unterschrift | Nom, date, signature | Nombre, fecha, firma | Nome, data, firma | Naam, datum, handtekening
page         | Page {page} of {pages} | Seite {page} von {pages} | Page {page} sur {pages} | Página {page} de {pages} | Pagina {page} di {pages} | Pagina {page} van {pages}
"""  # noqa: E501, RUF001 - one word a line, its languages side by side, in their own spelling


def _columns() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for line in _TABLE.strip().splitlines():
        word, *translations = (cell.strip() for cell in line.split("|"))
        for language, text in zip(LANGUAGES, translations, strict=True):
            table[language][word] = text
    return table


LABELS = _columns()
"""Language -> word -> label; every language has every word."""


def label(language: str, word: str) -> str:
    """The label in that language, else in English; a text that is no word of ours stays."""
    return LABELS.get(language, LABELS["en"]).get(word, word)
