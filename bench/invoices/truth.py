#!/usr/bin/env python3
"""bench/invoices/truth.py DIR: for each NAME.pdf of DIR that has an invoice as XML in it (Cross Industry Invoice, UN/CEFACT D16B, or ZUGFeRD 1.0) NAME.json:
the same as contract `invoice` has it. Needs poppler's pdfdetach. Says how many."""
import glob
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET


def find(node, *path):
    """The text at the end of a path of local names, each anywhere below the one before; None where there is none."""
    for name in path:
        node = next((n for n in node.iter() if n.tag.rsplit("}", 1)[-1] == name and n is not node), None) if node is not None else None
    return node.text.strip() if node is not None and node.text and node.text.strip() else None


def all_of(node, *names):
    return [n for n in node.iter() if n.tag.rsplit("}", 1)[-1] in names]


def first(node, *names):
    return next(iter(all_of(node, *names)), None)


def day(text):
    return "%s-%s-%s" % (text[:4], text[4:6], text[6:8]) if text else None


def number(text):
    return float(text) if text else None


def party(node):
    if node is None:
        return {"name": None, "address": None, "tax_id": None}
    name = next((n.text.strip() for n in node if n.tag.endswith("}Name") and n.text), None)
    address = first(node, "PostalTradeAddress")
    street, town = find(address, "LineOne"), " ".join(filter(None, (find(address, "PostcodeCode"), find(address, "CityName"))))
    tax = {n.get("schemeID"): n.text for r in all_of(node, "SpecifiedTaxRegistration") for n in all_of(r, "ID")}
    return {"name": name, "address": ", ".join(filter(None, (street, town))) or None, "tax_id": tax.get("VA") or tax.get("FC")}


def line(node):
    return {"description": find(node, "SpecifiedTradeProduct", "Name"), "quantity": number(find(node, "BilledQuantity")),
            "unit_price": number(find(node, "NetPriceProductTradePrice", "ChargeAmount")), "amount": number(find(node, "LineTotalAmount"))}


def invoice(root):
    head, sums = first(root, "ExchangedDocument", "HeaderExchangedDocument"), first(
        root, "SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation")
    for candidate in all_of(root, "SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"):
        if first(candidate, "GrandTotalAmount") is not None:  # ZUGFeRD 1.0 has one by this name for each line, too
            sums = candidate
    lines = [line(n) for n in all_of(root, "IncludedSupplyChainTradeLineItem")]
    return {"invoice_number": find(head, "ID"), "invoice_date": day(find(head, "IssueDateTime", "DateTimeString")),
            "due_date": day(find(root, "DueDateDateTime", "DateTimeString")), "currency": find(root, "InvoiceCurrencyCode"),
            "seller": party(first(root, "SellerTradeParty")), "buyer": party(first(root, "BuyerTradeParty")),
            "lines": [n for n in lines if n["description"]], "net_total": number(find(sums, "TaxBasisTotalAmount")),
            "tax_total": number(find(sums, "TaxTotalAmount")), "total": number(find(sums, "GrandTotalAmount"))}


def main():
    count = 0
    for pdf in sorted(glob.glob(os.path.join(sys.argv[1], "*.pdf"))):
        with tempfile.NamedTemporaryFile() as xml:
            subprocess.run(["pdfdetach", "-save", "1", "-o", xml.name, pdf], check=True, stderr=subprocess.DEVNULL)
            truth = invoice(ET.parse(xml.name).getroot())
        if not truth["lines"]:  # the profiles MINIMUM and BASIC WL have none, though the PDF does
            os.unlink(pdf)
            continue
        with open(pdf[:-4] + ".json", "w", encoding="utf-8") as out:
            json.dump(truth, out, ensure_ascii=False, indent=2)
        count += 1
    print(count)


if __name__ == "__main__":
    main()
