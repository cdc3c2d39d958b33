require "addressable/uri"
