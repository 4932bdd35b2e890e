"""The plug-in for Tiny ERP (Olist). The vendor's words stay inside; only ``contracts`` crosses the border."""
